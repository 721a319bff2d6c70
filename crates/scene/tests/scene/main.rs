//! What is drawn, as text (`snapshots/`) and, with `SCENE_SVG=directory`, as pictures to look at.

#[cfg(test)]
mod charts;
#[cfg(test)]
mod flame;
#[cfg(test)]
mod minimap;
#[cfg(test)]
mod picture;
#[cfg(test)]
mod ruler;
#[cfg(test)]
mod waterfall;
#[cfg(test)]
mod world;
