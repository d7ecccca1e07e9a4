"""Speed and memory as ratios within one run, each held against a floor or a ceiling."""
