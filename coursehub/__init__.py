"""What runs on the droplet: the applier, the spawner and launcher, accounts, and the student check."""
