using System.Diagnostics;

namespace Proxyless.Measurement;

/// <summary>Starts the running program again, for work in a separate process.</summary>
internal static class OwnProgram
{
    /// <summary>Names the MPI library, or says that a process works alone.</summary>
    public const string MpiVariable = "PROXYLESS_MPI";

    /// <summary>The value of <see cref="MpiVariable"/> with which a process works alone.</summary>
    public const string Alone = "off";

    /// <summary>
    /// Returns how to start this program again; its arguments are added to <see cref="ProcessStartInfo.ArgumentList"/>.
    /// </summary>
    /// <param name="assembly">The file name of the program's assembly, such as <c>program.dll</c>.</param>
    public static ProcessStartInfo Start(string assembly)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!);

        // A process that an MPI started is a member of its job; what it starts itself is not.
        start.Environment[MpiVariable] = Alone;

        // Started by the dotnet host, the program is the host's first argument.
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, assembly));
        }

        return start;
    }
}
