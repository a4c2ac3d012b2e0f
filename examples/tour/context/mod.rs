pub(crate) const CHAPTERS: &[crate::chapter::Chapter] = &[];
