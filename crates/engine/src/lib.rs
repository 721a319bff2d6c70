//! Request to Response: owns the store, runs everything below it.
