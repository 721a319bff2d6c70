//! The immutable columnar [`TraceStore`], and the [`TraceStoreBuilder`] that repairs, counts and reports.
//!
//! Spans of a trace stand in preorder, a parent before its children and siblings by start time:
//!
//! ```text
//!   frontend ─┬─ cart ──── redis        index   0 frontend  parent -  subtree_end 4  depth 0
//!             └─ payment                        1 cart      parent 0  subtree_end 3  depth 1
//!                                               2 redis     parent 1  subtree_end 3  depth 2
//!                                               3 payment   parent 0  subtree_end 4  depth 1
//! ```
//!
//! So "is below" is two comparisons, every pass over a tree is a loop, and no depth overflows a stack.
//!
//! Not here: any format, any analysis, any pixel.

mod builder;
mod index;
mod numbers;
mod signals;
mod sort;
mod spans;
mod strings;
mod tree;
mod values;
mod warnings;

pub use builder::{TraceStoreBuilder, service_name};
pub use index::{Column, Idx, OriginIdx, ResourceIdx, ScopeIdx, ServiceIdx, SpanIdx, StrIdx, TraceIdx};
pub use numbers::Numbers;
pub use signals::{Exemplar, Log};
pub use sort::{sort_by_number, sort_numbers};
pub use spans::{Event, Link, SpanFlags, Trace, TraceStore};
pub use strings::StringPool;
pub use values::{Attribute, Cell, Value};
pub use warnings::{WarningCount, Warnings};
