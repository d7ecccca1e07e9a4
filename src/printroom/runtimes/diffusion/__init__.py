"""Stable Diffusion, SDXL and FLUX from folders of this machine, as generators of people."""
