//! Store and viewport to display list, and pixel to span.
