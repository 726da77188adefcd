"""Electronic invoices: what a supplier's file says, without a database and without the network.

read_einvoice(content)  -> Reading, in this process; content is trusted with nothing
read_apart(content)     -> the same, read by a process that may use little memory and time
check_rules_apart(…)    -> which rules of EN 16931 files break, by a process like that
"""
