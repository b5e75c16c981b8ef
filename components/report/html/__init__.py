"""The parts of both pages: text from data, SVG, style, and the template environment."""
