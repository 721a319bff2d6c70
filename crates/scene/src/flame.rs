//! Flame graphs: boxes in lanes, in order of time or merged by operation.

mod index;
mod layout;
mod slice;

pub use index::{FlameIndex, MergedBox};
pub use layout::{FlameState, flame_hit, flame_layout};
pub use slice::{FlameBox, FlameFacts, FlameMode, FlameRequest, FlameSlice, flame_slice};
