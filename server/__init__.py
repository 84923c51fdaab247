"""The service: storage, services, web pages, API and command line."""
