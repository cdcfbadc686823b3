"""A UPnP control point: finds a media server, asks it, subscribes to it."""

import sys

import gi

gi.require_version("GUPnP", "1.6")
from gi.repository import GLib, GUPnP  # noqa: E402

TARGET = "urn:schemas-upnp-org:service:ContentDirectory:1"

loop = GLib.MainLoop()
context = GUPnP.Context.new("eth0", 0)
point = GUPnP.ControlPoint.new(context, TARGET)
found = []


def available(_point, proxy):
    if found:
        return
    found.append(proxy)
    proxy.set_subscribed(True)
    action = GUPnP.ServiceProxyAction.new_from_list("GetSortCapabilities", [], [])
    proxy.call_action(action, None)
    print("called", flush=True)
    GLib.timeout_add(1500, stop)


def stop():
    found[0].set_subscribed(False)
    GLib.timeout_add(500, loop.quit)
    return False


def give_up():
    print("no media server found", flush=True)
    loop.quit()


point.connect("service-proxy-available", available)
point.set_active(True)
GLib.timeout_add_seconds(20, give_up)
loop.run()
sys.exit(not found)
