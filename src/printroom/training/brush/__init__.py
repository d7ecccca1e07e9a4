"""How the brush of `stylise` is learnt: textures to know apart, paintings in twelve hands, nets."""
