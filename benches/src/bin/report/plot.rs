//! Plots as SVG: cost against size, both on logarithmic scales.
//!
//! A plot is readable on any page: it has its own background, and a second set of colors for dark
//! mode. The lines differ in their marks and dashes as well as in color.

use maud::{Markup, PreEscaped, html};
use slug_bench::results::{Round, median};

use crate::page::number;

/// One plot.
pub struct Plot {
    /// The name of the file.
    pub file: &'static str,
    title: &'static str,
    x_label: &'static str,
    /// The group of benchmarks: the first part of an id such as `growth-exact/product/100`.
    group: &'static str,
    /// The functions of the group: the second part of an id, each with its label in the plot.
    series: [(&'static str, &'static str); 3],
}

/// All plots.
pub const PLOTS: &[Plot] = &[
    Plot {
        file: "benchmarks-ids.svg",
        title: "Finding the provider of a listed id",
        x_label: "ids that the runtime lists",
        group: "growth-exact",
        series: [("naive", "baseline"), ("product", "slugproof"), ("limit", "lower bound: hash map")],
    },
    Plot {
        file: "benchmarks-providers.svg",
        title: "Finding the provider of an unlisted id by pattern",
        x_label: "providers, each with a pattern",
        group: "growth-pattern",
        series: [("naive", "baseline"), ("product", "slugproof"), ("limit", "lower bound: automaton")],
    },
];

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 440.0;
const LEFT: f64 = 92.0;
const RIGHT: f64 = 48.0;
const TOP: f64 = 84.0;
const BOTTOM: f64 = 64.0;

const STYLE: &str = "
  .page { fill: #ffffff; stroke: #d0d7de }
  text { fill: #1f2328; font: 14px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif }
  .title { font-size: 17px; font-weight: 600 }
  .grid { stroke: #d8dee4; stroke-width: 1 }
  .axis { stroke: #656d76; stroke-width: 1.5 }
  .series { fill: none; stroke-width: 2.5; stroke-linejoin: round; stroke-linecap: round }
  .spread { stroke-width: 1.5 }
  .naive { stroke: #b35900 } .naive-mark { fill: #b35900 }
  .product { stroke: #0969da } .product-mark { fill: #0969da }
  .limit { stroke: #6e4a9e; stroke-dasharray: 2 6 } .limit-mark { fill: #6e4a9e }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; stroke: #30363d }
    text { fill: #e6edf3 }
    .grid { stroke: #2b3138 }
    .axis { stroke: #8b949e }
    .naive { stroke: #f0a04b } .naive-mark { fill: #f0a04b }
    .product { stroke: #58a6ff } .product-mark { fill: #58a6ff }
    .limit { stroke: #c39bff } .limit-mark { fill: #c39bff }
  }
";

/// The minimum, median and maximum cost for one size, in nanoseconds.
struct Point {
    size: f64,
    low: f64,
    median: f64,
    high: f64,
}

/// A logarithmic axis.
struct Scale {
    /// The powers of ten at the two ends.
    from: i32,
    to: i32,
    /// The coordinates of the two ends, in pixels.
    start: f64,
    end: f64,
}

impl Scale {
    fn new(values: impl Iterator<Item = f64> + Clone, start: f64, end: f64) -> Self {
        let smallest = values.clone().fold(f64::INFINITY, f64::min);
        let largest = values.fold(f64::NEG_INFINITY, f64::max);
        let power = |value: f64| value as i32;
        Self { from: power(smallest.log10().floor()), to: power(largest.log10().ceil()), start, end }
    }

    fn position(&self, value: f64) -> f64 {
        let share = (value.log10() - f64::from(self.from)) / f64::from(self.to - self.from);
        self.start + share * (self.end - self.start)
    }

    fn powers(&self) -> impl Iterator<Item = f64> {
        (self.from..=self.to).map(|power| 10_f64.powi(power))
    }
}

impl Plot {
    /// Draws the median of the rounds for each size, with a bar from the minimum to the maximum.
    ///
    /// Fails if a function was measured for fewer than two sizes.
    pub fn draw(&self, rounds: &[Round]) -> Result<String, String> {
        let lines: Vec<(&str, &str, Vec<Point>)> =
            self.series.iter().map(|&(function, name)| (function, name, self.points(rounds, function))).collect();
        if let Some((function, ..)) = lines.iter().find(|(.., points)| points.len() < 2) {
            return Err(format!(
                "`{}/{function}` was measured for fewer than two sizes; run `cargo ci bench`",
                self.group
            ));
        }
        let points = || lines.iter().flat_map(|(.., points)| points);
        let x = Scale::new(points().map(|point| point.size), LEFT, WIDTH - RIGHT);
        let y = Scale::new(points().flat_map(|point| [point.low, point.high]), HEIGHT - BOTTOM, TOP);
        let drawing = html! {
            svg xmlns="http://www.w3.org/2000/svg" viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } width=(WIDTH) height=(HEIGHT)
                role="img" aria-labelledby="title description" {
                title id="title" { (self.title) }
                desc id="description" { (self.description(&lines)) }
                style { (PreEscaped(STYLE)) }
                rect.page x="0.5" y="0.5" width=(WIDTH - 1.0) height=(HEIGHT - 1.0) rx="6" {}
                text.title x=(LEFT) y="30" { (self.title) }
                (legend(&lines))
                (self.axes(&x, &y))
                // The lower bound is drawn first, so that it does not hide slugproof where they meet.
                @for (function, _, points) in lines.iter().rev() { (line(function, points, &x, &y)) }
            }
        };
        Ok(drawing.into_string().replace("><", ">\n<") + "\n")
    }

    fn points(&self, rounds: &[Round], function: &str) -> Vec<Point> {
        let prefix = format!("{}/{function}/", self.group);
        let size = |id: &String| id.strip_prefix(&prefix)?.parse::<u32>().ok();
        let mut sizes: Vec<u32> = rounds.iter().flat_map(|round| round.values.keys().filter_map(size)).collect();
        sizes.sort_unstable();
        sizes.dedup();
        let point = |size: u32| {
            let id = format!("{prefix}{size}");
            let values: Vec<f64> = rounds.iter().filter_map(|round| round.values.get(&id).copied()).collect();
            Point {
                size: f64::from(size),
                low: values.iter().copied().fold(f64::INFINITY, f64::min),
                high: values.iter().copied().fold(0.0, f64::max),
                median: median(values),
            }
        };
        sizes.into_iter().map(point).collect()
    }

    /// A text description of the plot, for screen readers.
    fn description(&self, lines: &[(&str, &str, Vec<Point>)]) -> String {
        let mut text = format!("Nanoseconds for one look-up against {}.", self.x_label);
        for (_, name, points) in lines {
            let points: Vec<String> =
                points.iter().map(|point| format!("{} at {}", number(point.median), number(point.size))).collect();
            text += &format!(" {name}: {}.", points.join(", "));
        }
        text
    }

    fn axes(&self, x: &Scale, y: &Scale) -> Markup {
        html! {
            @for value in y.powers() {
                line.grid x1=(LEFT) x2=(WIDTH - RIGHT) y1=(at(y.position(value))) y2=(at(y.position(value))) {}
                text x=(LEFT - 10.0) y=(at(y.position(value) + 5.0)) text-anchor="end" { (time(value)) }
            }
            @for value in x.powers() {
                line.grid x1=(at(x.position(value))) x2=(at(x.position(value))) y1=(TOP) y2=(HEIGHT - BOTTOM) {}
                text x=(at(x.position(value))) y=(HEIGHT - BOTTOM + 20.0) text-anchor="middle" { (number(value)) }
            }
            path.axis fill="none" d={ "M" (LEFT) " " (TOP) "V" (HEIGHT - BOTTOM) "H" (WIDTH - RIGHT) } {}
            text x=(f64::midpoint(LEFT, WIDTH - RIGHT)) y=(HEIGHT - 16.0) text-anchor="middle" { (self.x_label) }
            @let middle = f64::midpoint(TOP, HEIGHT - BOTTOM);
            text x="22" y=(middle) text-anchor="middle" transform={ "rotate(-90 22 " (middle) ")" } {
                "time for one look-up"
            }
        }
    }
}

fn legend(lines: &[(&str, &str, Vec<Point>)]) -> Markup {
    html! {
        @for (position, (function, name, _)) in lines.iter().enumerate() {
            @let left = LEFT + 180.0 * position as f64;
            path class={ "series " (function) } d={ "M" (left) " 58h36" } {}
            (mark(function, left + 18.0, 58.0))
            text x=(left + 46.0) y="63" { (name) }
        }
    }
}

fn line(function: &str, points: &[Point], x: &Scale, y: &Scale) -> Markup {
    let positions: Vec<String> =
        points.iter().map(|point| format!("{} {}", at(x.position(point.size)), at(y.position(point.median)))).collect();
    html! {
        path class={ "series " (function) } d={ "M" (positions.join("L")) } {}
        @for point in points {
            @let center = at(x.position(point.size));
            path class={ "spread " (function) } stroke-dasharray="none"
                d={ "M" (center) " " (at(y.position(point.low))) "V" (at(y.position(point.high))) } {}
            (mark(function, x.position(point.size), y.position(point.median)))
        }
    }
}

/// The mark of a function: a circle for slugproof, a square for the baseline, a diamond for the
/// lower bound.
fn mark(function: &str, x: f64, y: f64) -> Markup {
    let class = format!("{function}-mark");
    let (left, top) = (at(x), at(y));
    html! {
        @match function {
            "product" => circle class=(class) cx=(left) cy=(top) r="5" {},
            "naive" => rect class=(class) x=(at(x - 4.5)) y=(at(y - 4.5)) width="9" height="9" {},
            _ => path class=(class) d={ "M" (left) " " (at(y - 8.0)) "l8 8l-8 8l-8 -8z" } {},
        }
    }
}

/// Rounds a coordinate to a tenth of a pixel.
fn at(position: f64) -> f64 {
    (position * 10.0).round() / 10.0
}

fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        n if n < 1e3 => format!("{} ns", number(n)),
        n if n < 1e6 => format!("{} µs", number(n / 1e3)),
        n => format!("{} ms", number(n / 1e6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scale_spans_whole_powers_of_ten() {
        let scale = Scale::new([30.0, 3_000.0].into_iter(), 0.0, 300.0);
        assert_eq!((scale.from, scale.to), (1, 4));
        assert_eq!(scale.position(100.0), 100.0);
        assert_eq!(scale.powers().count(), 4);
    }

    #[test]
    fn draw_shows_every_series_and_rejects_a_single_size() {
        let plot = &PLOTS[0];
        let mut round = Round::default();
        for (function, cost) in [("naive", 4_000.0), ("product", 30.0), ("limit", 20.0)] {
            for size in [100, 10_000] {
                round.values.insert(format!("growth-exact/{function}/{size}"), cost);
            }
        }
        let svg = plot.draw(std::slice::from_ref(&round)).expect("there are two sizes");
        assert!(plot.series.iter().all(|(_, name)| svg.contains(&format!(">{name}</text>"))), "{svg}");
        round.values.remove("growth-exact/limit/100");
        assert!(plot.draw(&[round]).is_err());
    }
}
