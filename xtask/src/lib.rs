//! What the commands of this repository and its end-to-end tests share: a file server, and the server of the demo shop.

pub mod shop;
pub mod site;
