from rehearsal.plugins.command.provider import main

main()
