//! Derived columns: self time, critical path, aggregation, search.
