// Package winetest runs the Windows program under Wine: it reads files, lists
// devices, captures, and names processes and services through the calls that it
// makes on Windows. README.md tells what that shows, what it cannot show, and how
// to run it.
package winetest
