from rehearsal.plugins.digitalocean.provider import main

main()
