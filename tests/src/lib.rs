//! PROVING: the story, the house, the promises.
