//! UNDERSTANDING: the timely dataflow that turns the record into assessments, alerts and risk.
