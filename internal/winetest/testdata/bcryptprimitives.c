/*
 * bcryptprimitives.dll for Wine 8, which has none. Go takes its random numbers
 * from ProcessPrng of this library and does not start without it. Here they come
 * from RtlGenRandom, which advapi32.dll exports as SystemFunction036 (MS-Learn,
 * "RtlGenRandom function").
 */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
	const SIZE_T most = 1u << 28;

	while (length > 0) {
		ULONG piece = (ULONG)(length < most ? length : most);

		if (!SystemFunction036(data, piece))
			return FALSE;
		data += piece;
		length -= piece;
	}
	return TRUE;
}

BOOL WINAPI DllMain(HINSTANCE dll, DWORD reason, LPVOID reserved)
{
	(void)dll, (void)reason, (void)reserved;
	return TRUE;
}
