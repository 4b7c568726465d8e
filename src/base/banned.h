/*
 * Functions that do not compile here: each has an unbounded or ambiguous form and a safe
 * replacement.
 */
#ifndef FALCOTOP_BASE_BANNED_H
#define FALCOTOP_BASE_BANNED_H

#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef gets
#undef strtok
#undef atoi
#undef atol
#undef alloca
#define strcpy(d, s)	 banned_strcpy_use_buf_or_memcpy
#define strcat(d, s)	 banned_strcat_use_buf
#define strncpy(d, s, n) banned_strncpy_use_memcpy
#define strncat(d, s, n) banned_strncat_use_buf
#define sprintf(...)	 banned_sprintf_use_snprintf
#define vsprintf(...)	 banned_vsprintf_use_vsnprintf
#define gets(s)		 banned_gets
#define strtok(s, d)	 banned_strtok
#define atoi(s)		 banned_atoi_use_strtol
#define atol(s)		 banned_atol_use_strtol
#define alloca(n)	 banned_alloca

#endif
