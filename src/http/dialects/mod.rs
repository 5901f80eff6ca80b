//! Other helpdesks' APIs over the same data, so that scripts written for them run here.
//!
//! A dialect translates names and shapes. What is right and who may do it, it asks the desk.

pub mod tikit;
