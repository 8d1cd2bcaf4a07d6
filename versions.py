"""Every pin of what is installed on the droplet; the hub's packages are locked in templates/opt/jupyterhub/."""

# renovate: datasource=custom.anaconda depName=Anaconda3
ANACONDA = "2025.12-2"
# As pyenv's definition of the same installer records it; Anaconda publishes it on the archive's index page.
ANACONDA_SHA256 = "57b2b48cc5b8665e25fce7011f0389d47c1288288007844b3b1ba482d4f39029"

# renovate: datasource=pypi depName=Pint
PINT = "0.25.3"
# renovate: datasource=pypi depName=pyserial
PYSERIAL = "3.5"
# renovate: datasource=pypi depName=uv
UV = "0.13.9"
