"""An SMB1 client over NetBIOS whose source port is chosen.

phantom.py CLIENT PORT SERVER USER PASSWORD
"""

import socket
import sys
import time

from impacket import nmb, smb

client, port, server, user, password = sys.argv[1:]

wire = socket.socket()
wire.bind((client, int(port)))
wire.connect((server, nmb.NETBIOS_SESSION_PORT))
session = nmb.NetBIOSTCPSession("CLIENT", "SERVER", server, sock=wire)
connection = smb.SMB("SERVER", server, my_name="CLIENT", session=session)
connection.login(user, password)
share = connection.connect_tree(r"\\SERVER\share")
connection.list_path("share", "*")
print("session is up", flush=True)
time.sleep(2)
connection.disconnect_tree(share)
connection.logoff()
wire.close()
print("session is over", flush=True)
time.sleep(1)
