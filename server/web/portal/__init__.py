"""The portal: pages in Vietnamese for those who follow up, built on the services alone."""
