//! What is drawn, as text (`snapshots/`) and, with `SCENE_SVG=directory`, as pictures to look at.

mod charts;
mod flame;
mod minimap;
mod picture;
mod ruler;
mod waterfall;
mod world;
