"""IBM Cloud's search and catalog, as far as clients use them to find their instances."""
