using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Proxyless.Files;

/// <summary>The kind of digest that a file is checked with.</summary>
internal enum DigestKind
{
    /// <summary>SHA-256, or its first digits, as PyTorch puts them into file names.</summary>
    Sha256,

    /// <summary>MD5: detects broken downloads, not forgeries.</summary>
    Md5,

    /// <summary>The SHA-1 by which git names a file: of "blob ", the size in decimal, a zero byte and the
    /// file.</summary>
    GitBlob,
}

/// <summary>The digest of a file as published.</summary>
/// <param name="Kind">How it is computed.</param>
/// <param name="Digits">Hexadecimal, in lower case; all digits, or the first ones, but at least one.</param>
internal sealed record FileDigest(DigestKind Kind, string Digits)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Its name, for messages.</summary>
    public string Name =>
        Kind switch
        {
            DigestKind.Sha256 => "SHA-256",
            DigestKind.Md5 => "MD5",
            _ => "git blob id",
        };

    /// <summary>Computes the digest of a file.</summary>
    /// <returns>As many digits as are published.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public string Of(string path)
    {
        using FileStream file = File.OpenRead(path);
        using var hash = IncrementalHash.CreateHash(
            Kind switch
            {
                DigestKind.Sha256 => HashAlgorithmName.SHA256,
                DigestKind.Md5 => HashAlgorithmName.MD5,
                _ => HashAlgorithmName.SHA1,
            }
        );
        if (Kind == DigestKind.GitBlob)
        {
            hash.AppendData(
                Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {file.Length}\0"))
            );
        }

        byte[] buffer = new byte[BufferBytes];
        int read;
        while ((read = file.Read(buffer)) > 0)
        {
            hash.AppendData(buffer.AsSpan(0, read));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits.Length];
    }
}
