//! Rows that are spans, one object or line each, under the names that tables give them: what `SigNoz`, `ClickHouse`, Uptrace,
//! Axiom, `BigQuery` and others export, and spans of OTLP without anything around them.

use crate::json::Json;
use crate::shape::Shape;
use crate::walk::{Entry, JsonFormat, Out, Path, Step, Take};

mod fields;
mod span;
mod table;

use self::fields::{Field, has_ids, is_row};
pub(super) use self::span::{Cell, Table, tell};
pub(crate) use self::table::ENTRY as CSV;

pub(crate) const ENTRY: Entry = Entry {
    name: "Rows of spans",
    tells: |shape| depth(shape, is_row).is_some(),
    goes_on: |shape| depth(shape, has_ids).is_some(),
    open: || Box::<Rows>::default(),
};

/// Members that hold the row, or most of it.
const WRAPPERS: [&str; 6] = ["data", "_source", "span", "row", "record", "json"];

/// Members that speak of the table and its columns.
const NO_ROWS: [&str; 5] = ["meta", "columns", "schema", "fields", "statistics"];

/// In how many arrays and objects the rows stand.
fn depth(shape: &Shape<'_>, are_names: fn(&[&str]) -> bool) -> Option<usize> {
    let of_members = (1..=8).find(|depth| are_names(&shape.names_at(*depth).collect::<Vec<_>>()))?;
    let is_wrapped = of_members > 1 && WRAPPERS.iter().any(|name| shape.has_at(of_members - 1, name));
    Some(of_members - 1 - usize::from(is_wrapped))
}

#[derive(Default)]
struct Rows {
    depth: usize,
    table: Table,
}

impl JsonFormat for Rows {
    fn begin(&mut self, shape: &Shape<'_>) {
        let found = depth(shape, is_row).or_else(|| depth(shape, has_ids));
        self.depth = found.unwrap_or(0);
        if self.depth > 0 {
            self.table.trace = None;
        }
    }

    fn step(&mut self, path: Path<'_>, first: u8) -> Take {
        match path.last() {
            Some(Step::Member(name)) if NO_ROWS.contains(&&**name) => Take::Over,
            _ if path.len() < self.depth => Take::Enter,
            _ if path.len() == self.depth && first == b'{' => Take::Record,
            _ => Take::Over,
        }
    }

    fn record(&mut self, _path: Path<'_>, record: &Json<'_>, out: &mut Out<'_>) {
        // Records are nested no deeper than they are read.
        let mut rows = vec![record];
        while let Some(row) = rows.pop() {
            let inner = WRAPPERS
                .iter()
                .map(|name| row.get(name))
                .find(|inner| matches!(inner, Json::Object(_)) && has_id(inner) && !has_id(row));
            let members = row.members().iter().chain(inner.map_or(&[][..], Json::members));
            let cells: Vec<Cell<'_>> = members
                .filter(|(_, value)| inner.is_none_or(|inner| !std::ptr::eq(value, inner)))
                .map(|(name, value)| Cell::of_member(name, value))
                .collect();
            if !has_id(inner.unwrap_or(row)) {
                out.skipped("it has no id");
                continue;
            }
            tell(&cells, &mut self.table, out);
            let of_children =
                |cell: &&Cell<'_>| cell.meaning.is_some_and(|known| known.field == Field::Children);
            let children = cells.iter().filter(of_children).flat_map(|cell| cell.value.elements());
            let first = rows.len();
            rows.extend(children.filter(|child| has_id(child)));
            rows.get_mut(first..).unwrap_or_default().reverse();
        }
    }
}

fn has_id(row: &Json<'_>) -> bool {
    let ids = |name: &str| fields::meaning(name).is_some_and(|known| known.field == Field::SpanId);
    row.members().iter().any(|(name, _)| ids(name))
}
