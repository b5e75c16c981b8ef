"""The plots of both pages, as inline SVG."""
