"""The trusted side of a sandbox: start it, confine it, measure its time, and believe nothing that it says."""
