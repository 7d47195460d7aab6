//! `schema`: the JSON Schema of a file format.

use slug_resolver::yaml::format::Format;
use slug_resolver::{policy, registry};

use crate::args::{FileFormat, SchemaArgs, SchemaFormat};
use crate::config_format;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::schema::{Unknown, json_schema, markdown};
use crate::sink::{self, Renders};

/// Runs `schema`.
pub fn run(args: &SchemaArgs, output: &mut Output) -> Result<Exit, Failure> {
    let unknown = if args.deny_unknown_fields { Unknown::Denied } else { Unknown::AsRead };
    let schema = Schema { format: format(args.file), unknown };
    sink::write(&schema, &sink::requested(&args.output, None)?, output)?;
    Ok(Exit::Clean)
}

/// The schema of a file format.
struct Schema {
    format: &'static Format,
    unknown: Unknown,
}

impl Renders<SchemaFormat> for Schema {
    fn styled(&self) -> String {
        self.render(SchemaFormat::Json)
    }

    fn render(&self, format: SchemaFormat) -> String {
        match format {
            SchemaFormat::Json => {
                let schema = json_schema(self.format, self.unknown);
                serde_json::to_string_pretty(&schema).expect("a schema has only texts as keys") + "\n"
            }
            SchemaFormat::Markdown => markdown(self.format),
        }
    }

    fn summary(&self) -> String {
        format!("the schema of a {} file\n", self.format.name)
    }

    fn verdict(&self) -> String {
        self.styled()
    }
}

fn format(file: FileFormat) -> &'static Format {
    match file {
        FileFormat::Registry => &registry::FORMAT,
        FileFormat::Policy => &policy::FORMAT,
        FileFormat::Config => &config_format::FORMAT,
    }
}
