"""Serving of pushed models: client, versions and labels, embedded server, demo page, batch prediction."""
