using System.Text;
using Proxyless.Distributed;

namespace Proxyless.Cli.Output;

/// <summary>
/// Standard output and standard error in UTF-8, for any locale or code page of the system: programs read the first, and
/// class names can contain any letters.
/// </summary>
internal static class Utf8Console
{
    /// <summary>UTF-8 without a byte order mark.</summary>
    public static Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Switches both; call it before anything is written.</summary>
    public static void Use()
    {
        if (MpiLauncher.Here is not null)
        {
            // The terminal is mpirun's, which mixes the lines of several processes. With the name of a real one, .NET
            // writes codes that switch its keys before the first line, and JSON would begin with them.
            Environment.SetEnvironmentVariable("TERM", "dumb");
        }

        try
        {
            Console.OutputEncoding = Encoding;
        }
        catch (IOException)
        {
            // A Windows process without a console has no code page to switch.
            Console.SetOut(new StreamWriter(Console.OpenStandardOutput(), Encoding) { AutoFlush = true });
            Console.SetError(new StreamWriter(Console.OpenStandardError(), Encoding) { AutoFlush = true });
        }
    }
}
