//! THE RECORD: what was heard and decided, in order, durable.
