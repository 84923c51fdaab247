"""The Flask application: the API under /api/v1 and the portal. A view is parse, one service call, render."""
