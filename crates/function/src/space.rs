//! The environments in which function and policy are compared.

/// The values of each variable that the policy or the function distinguishes.
#[derive(Clone, Debug, Default)]
pub struct Space {
    /// The runtimes. Empty if variables of the environment name the runtime.
    pub runtimes: Vec<String>,
    /// The variables, sorted by name.
    pub dimensions: Vec<Dimension>,
}

/// One variable of a [`Space`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dimension {
    /// The name of the variable.
    pub name: String,
    /// One value of each class: unset (`None`), empty, each text that is compared, members and near
    /// non-members of patterns, and a text that is compared with nothing.
    pub values: Vec<Option<String>>,
    /// Texts that resemble a compared text and belong to the class of the last value. They test that
    /// the function compares as its syntax tree shows.
    pub near_misses: Vec<String>,
    /// Whether only the presence of the value matters to the policy, so that it can be a secret.
    pub is_key: bool,
}
