//! `schema`: the JSON Schema of a file format.

use slug_resolver::yaml::format::Format;
use slug_resolver::{policy, registry};

use crate::args::{FileFormat, SchemaArgs, SchemaFormat};
use crate::config_format;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::schema::{Unknown, json_schema, markdown};

/// Runs `schema`.
pub fn run(args: &SchemaArgs, output: &mut Output) -> Result<Exit, Failure> {
    let format = format(args.file);
    match args.format {
        SchemaFormat::Json => {
            let unknown = if args.deny_unknown_fields { Unknown::Denied } else { Unknown::AsRead };
            let schema = json_schema(format, unknown);
            let text = serde_json::to_string_pretty(&schema).expect("a schema has only texts as keys");
            output.raw(&(text + "\n"))?;
        }
        SchemaFormat::Markdown => output.raw(&markdown(format))?,
    }
    Ok(Exit::Clean)
}

fn format(file: FileFormat) -> &'static Format {
    match file {
        FileFormat::Registry => &registry::FORMAT,
        FileFormat::Policy => &policy::FORMAT,
        FileFormat::Config => &config_format::FORMAT,
    }
}
