"""What both pages are made of: text from data, SVG, style, and the template environment."""
