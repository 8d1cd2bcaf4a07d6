"""Stand-in for the plugin ``pulumi-resource-digitalocean``: the resources and functions this project uses.

Inputs, outputs, defaults, what replaces and what updates, and the API calls in their order are those of the official
plugin (DigitalOcean's Terraform provider behind Pulumi's bridge). The waits between two looks at the API are shorter.
"""
