//! The room of a page: how many items it shows, so that a browser stays quick.

use maud::Markup;

/// The most bytes of items on a page.
const BYTES: usize = 4 << 20;

/// The items that still fit on a page.
pub struct Room {
    items: usize,
    bytes: usize,
}

impl Room {
    /// Room for a number of items.
    pub fn for_items(items: usize) -> Self {
        Self { items, bytes: BYTES }
    }

    /// Renders items until the room is used up. An item that is larger than the rest of the room is left out.
    pub fn fill<T>(&mut self, items: impl IntoIterator<Item = T>, render: impl Fn(T) -> Markup) -> Vec<Markup> {
        let mut rendered = Vec::new();
        for item in items {
            if self.items == 0 || self.bytes == 0 {
                break;
            }
            let markup = render(item);
            match self.bytes.checked_sub(markup.0.len()) {
                Some(left) => {
                    self.bytes = left;
                    self.items -= 1;
                    rendered.push(markup);
                }
                None => self.bytes = 0,
            }
        }
        rendered
    }
}

#[cfg(test)]
mod tests {
    use maud::html;

    use super::*;

    #[test]
    fn room_ends_with_the_items_or_the_bytes() {
        let render = |length: usize| html! { ("x".repeat(length)) };
        let mut room = Room::for_items(3);
        assert_eq!(room.fill([1, 1], render).len(), 2);
        assert_eq!(room.fill([1, 1], render).len(), 1);
        let mut room = Room::for_items(10);
        assert_eq!(room.fill([1, BYTES, 1], render).len(), 1);
        assert_eq!(room.fill([1], render).len(), 0);
    }
}
