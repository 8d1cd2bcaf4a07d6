"""What Pulumi declares, a noun a file; importing this creates nothing."""
