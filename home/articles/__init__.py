"""Articles of our bodies, as the Steering Committee agrees to them: what of one is shown (`agreeing`), that nothing
else is public (`guarding`), what the editor says of it (`asking`).
"""
