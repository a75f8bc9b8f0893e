from integrations.sandbox.program import main

main()
