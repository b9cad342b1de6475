using System.Text;

namespace Proxyless.Cli.Output;

/// <summary>
/// Standard output and standard error in UTF-8, whatever the system's locale or code page is: programs read the first,
/// and names of classes have all letters.
/// </summary>
internal static class Utf8Console
{
    /// <summary>UTF-8 without a byte order mark.</summary>
    public static Encoding Encoding { get; } = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Switches both over; to be called before anything is written.</summary>
    public static void Use()
    {
        try
        {
            Console.OutputEncoding = Encoding;
        }
        catch (IOException)
        {
            // A process of Windows without a console has no code page to switch.
            Console.SetOut(new StreamWriter(Console.OpenStandardOutput(), Encoding) { AutoFlush = true });
            Console.SetError(new StreamWriter(Console.OpenStandardError(), Encoding) { AutoFlush = true });
        }
    }
}
