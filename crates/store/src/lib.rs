//! The immutable columnar trace store and the builder that repairs and reports.
