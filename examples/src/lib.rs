//! Programs that show coscope at work: see the folders `treehash` and `tour`, and the README here.
