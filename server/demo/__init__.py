"""The demonstration: the main job end to end, with every commune of Vĩnh Long played over HTTP."""
