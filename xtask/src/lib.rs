//! What the commands of this repository and its end-to-end tests share: a static file server.

pub mod site;
