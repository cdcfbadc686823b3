"""A UPnP light by GUPnP, and a control point for any device.

upnp.py serve PORT FOLDER | upnp.py control SERVICE-TYPE ACTION
"""

import pathlib
import sys

import gi

gi.require_version("GUPnP", "1.6")
from gi.repository import GLib, GObject, GUPnP  # noqa: E402

DEVICE = "urn:schemas-upnp-org:device:BinaryLight:1"
SERVICE = "urn:schemas-upnp-org:service:SwitchPower:1"

DESCRIPTION = f"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0">
 <specVersion><major>1</major><minor>0</minor></specVersion>
 <device>
  <deviceType>{DEVICE}</deviceType>
  <friendlyName>Light</friendlyName>
  <manufacturer>Example</manufacturer>
  <modelName>Light</modelName>
  <UDN>uuid:00000000-0000-4000-8000-000000000021</UDN>
  <serviceList>
   <service>
    <serviceType>{SERVICE}</serviceType>
    <serviceId>urn:upnp-org:serviceId:SwitchPower:1</serviceId>
    <SCPDURL>/switch.xml</SCPDURL>
    <controlURL>/control</controlURL>
    <eventSubURL>/event</eventSubURL>
   </service>
  </serviceList>
 </device>
</root>
"""

SWITCH = """<?xml version="1.0"?>
<scpd xmlns="urn:schemas-upnp-org:service-1-0">
 <specVersion><major>1</major><minor>0</minor></specVersion>
 <actionList>
  <action>
   <name>GetStatus</name>
   <argumentList>
    <argument><name>ResultStatus</name><direction>out</direction><relatedStateVariable>Status</relatedStateVariable></argument>
   </argumentList>
  </action>
 </actionList>
 <serviceStateTable>
  <stateVariable sendEvents="yes"><name>Status</name><dataType>boolean</dataType><defaultValue>0</defaultValue></stateVariable>
 </serviceStateTable>
</scpd>
"""


def join(port):
    """The network, without the kernel's build in what we call ourselves."""
    context = GUPnP.Context.new("eth0", port)
    context.set_server_id("Linux UPnP/1.0 GUPnP")
    context.get_session().set_user_agent("Linux UPnP/1.0 GUPnP")
    return context


def serve(port, folder):
    pathlib.Path(folder, "device.xml").write_text(DESCRIPTION)
    pathlib.Path(folder, "switch.xml").write_text(SWITCH)
    context = join(int(port))
    device = GUPnP.RootDevice.new(context, "device.xml", folder)
    service = device.get_service(SERVICE)
    service.connect("query-variable::Status", status)
    service.connect("action-invoked::GetStatus", answer)
    device.set_available(True)
    GLib.MainLoop().run()


def status(_service, _name, value):
    value.init(GObject.TYPE_BOOLEAN)
    value.set_boolean(False)


def answer(_service, action):
    action.set_value("ResultStatus", GObject.Value(GObject.TYPE_BOOLEAN, False))
    action.return_success()


def control(service_type, action):
    loop = GLib.MainLoop()
    context = join(0)
    point = GUPnP.ControlPoint.new(context, service_type)
    found = []

    def available(_point, proxy):
        if found:
            return
        found.append(proxy)
        proxy.set_subscribed(True)
        proxy.call_action(GUPnP.ServiceProxyAction.new_from_list(action, [], []), None)
        GLib.timeout_add(1500, stop)

    def stop():
        found[0].set_subscribed(False)
        GLib.timeout_add(500, loop.quit)
        return False

    point.connect("service-proxy-available", available)
    point.set_active(True)
    GLib.timeout_add_seconds(20, loop.quit)
    loop.run()
    sys.exit(not found)


verb, *words = sys.argv[1:]
{"serve": serve, "control": control}[verb](*words)
